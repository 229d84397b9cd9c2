"""An OpenAI-compatible endpoint with a fixed latency, and a model simple enough to foresee.

``python -m benchmarks.engine.endpoint LATENCY_MS NOISE FAULTS SEED`` prints its address, then
serves. The model acts on ``medagentbench-magnesium``: it is right about empty windows, and
forgets the list around a value until a skill says so. It looks up one patient in four before it
searches: an episode takes two calls or three, as where the published loop was measured. NOISE is
the share of final answers, FAULTS the share of calls, that go wrong at random.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
from datetime import datetime, timedelta
from typing import Any

NOW = datetime.fromisoformat("2023-11-13T10:15:00+00:00")
GOOD = "Answer with a list: FINISH([value])."
MIXED = "Answer with a list; take the last value however old."
IDLE = "Read the question with care."
HARMFUL = "Never answer without a value."
HARMFUL_NAME = "never-empty"
KINDS = ("shape", "window", "unit")

_READING = re.compile(
    r'"effectiveDateTime":\s*"([^"]+)".*?"valueQuantity":\s*{[^}]*"value":\s*([\d.]+)', re.DOTALL
)


class Model:
    """Answers one request."""

    def __init__(self, noise: float, seed: int) -> None:
        self.noise = noise
        self.random = random.Random(seed)

    def answer(self, body: dict[str, Any]) -> str:
        schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
        if schema is None:
            turn = sum(m["role"] == "assistant" for m in body["messages"])
            return self.act("\n".join(str(m["content"]) for m in body["messages"]), turn)
        asked = next(iter(schema["properties"]))
        prompt = str(body["messages"][-1]["content"])
        if asked == "edits":
            return json.dumps({"edits": [self.propose(prompt)]})
        ids = re.findall(r"^## (\S+)", prompt.partition("# Episodes")[2], re.MULTILINE)
        if asked == "labels":
            labels = [{"id": i, "label": KINDS[n % 3]} for n, i in enumerate(ids)]
            return json.dumps({"labels": labels, "new_labels": []})
        return json.dumps({asked: []})

    def propose(self, prompt: str) -> dict[str, str]:
        """Write a skill for a group; what helps only after something was turned down."""
        found = re.search(r'failure group "(\w+)"', prompt)
        group = KINDS.index(found[1]) if found and found[1] in KINDS else 0
        again = HARMFUL_NAME in prompt
        name, text = (
            (HARMFUL_NAME, HARMFUL),
            ("mixed", MIXED) if again else ("idle", IDLE),
            ("good", GOOD) if again else ("mixed", MIXED),
        )[group]
        return {
            "action": "ADD",
            "name": name,
            "description": "How to answer a question about a measurement.",
            "content": f"## When to use\n\nAlways.\n\n{text}",
        }

    def act(self, text: str, turn: int) -> str:
        mrn = re.findall(r"patient (S\d+)", text)[-1]
        base = re.findall(r"(http://\S+?/fhir/)", text)[0]
        asks = [f"GET {base}Observation?patient={mrn}&code=MG&_count=200&_sort=-date"]
        if int(mrn[1:]) % 4 == 0:
            asks.insert(0, f"GET {base}Patient?identifier={mrn}")
        if turn < len(asks):
            return asks[turn]
        readings = _READING.findall(text)
        recent = [v for t, v in readings if datetime.fromisoformat(t) >= NOW - timedelta(days=1)]
        listed = GOOD in text or MIXED in text
        if self.noise and self.random.random() < self.noise:
            listed = not listed
        if MIXED in text and readings:
            recent = [readings[0][1]]
        if not recent:
            return "FINISH([])" if HARMFUL in text else "FINISH([-1])"
        return f"FINISH([{recent[0]}])" if listed else f"FINISH({recent[0]} mg/dL)"


async def serve(latency: float, noise: float, faults: float, seed: int) -> None:
    model, generator = Model(noise, seed), random.Random(seed)
    asked: list[str] = []
    busy = most = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal busy, most
        try:
            while line := await reader.readline():
                path, length = line.split()[1], 0
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                raw = await reader.readexactly(length)
                status = b"200 OK"
                if path == b"/stats":
                    data: dict[str, Any] = {
                        "calls": len(asked), "different": len(set(asked)), "most": most
                    }  # fmt: skip
                else:
                    busy += 1
                    most = max(most, busy)
                    due = asyncio.get_running_loop().time() + latency
                    if generator.random() < faults:
                        status, data = b"500 Error", {"error": {"message": "broken"}}
                    else:
                        body = json.loads(raw)
                        asked.append(raw.decode())
                        data = _completion(body["model"], model.answer(body))
                    if latency:
                        await asyncio.sleep(due - asyncio.get_running_loop().time())
                    busy -= 1
                payload = json.dumps(data).encode()
                writer.write(
                    b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                    % (status, len(payload))
                    + payload
                )
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=1 << 22, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def _completion(model: str, text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }


if __name__ == "__main__":
    asyncio.run(
        serve(float(sys.argv[1]) / 1000, float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
    )
