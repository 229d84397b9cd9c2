"""Translates one MySQL statement so that SQLite does what MySQL would (spec agentbench, 2.4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import TokenType, exp
from sqlglot.errors import ParseError, SqlglotError, TokenError

from grasp_agentbench.dbbench.database import StatementError
from grasp_agentbench.dbbench.embedded.dialect import ReadMySQL, WriteSQLite, call
from grasp_agentbench.dbbench.embedded.functions import COLLATION, NUMERIC
from grasp_agentbench.dbbench.embedded.values import literal

# Its warnings are of a model's statements, and no business of whoever runs it.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

#: Levels of a statement's tree; SQLite itself takes expressions of no more.
DEEPEST = 1000

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv)
#: What sqlglot's parser and its trees raise at some of the statements that are none.
_SLIPS = (AttributeError, IndexError, KeyError, TypeError, ValueError)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_TYPE = exp.DataType.Type
_WHOLE_TYPES = frozenset(
    (*(_TYPE.TINYINT, _TYPE.SMALLINT, _TYPE.MEDIUMINT, _TYPE.INT, _TYPE.BIGINT), _TYPE.UBIGINT)
) | {_TYPE.UINT}
_REAL_TYPES = frozenset((_TYPE.DOUBLE, _TYPE.FLOAT))
_NUMBER_TYPES = _WHOLE_TYPES | _REAL_TYPES | {_TYPE.DECIMAL}
_TIME_TYPES = frozenset((_TYPE.DATETIME, _TYPE.TIMESTAMP))
_BINARY_TYPES = frozenset((_TYPE.BINARY, _TYPE.VARBINARY, _TYPE.BLOB))


def parse(sql: str) -> Any:
    """Return the one statement of a text.

    Raises:
        StatementError: It is none, more than one, or can't be read.
    """
    try:
        _refuse_quoted_tables(sql)
        found = [e for e in ReadMySQL().parse(sql) if e is not None]
    except TokenError as error:
        raise syntax_error(sql[-80:]) from error
    except ParseError as error:
        where = error.errors[0] if error.errors else {}
        near = f"{where.get('highlight', '')}{where.get('end_context', '')}"
        raise syntax_error(near[:80], int(where.get("line") or 1)) from error
    except (SqlglotError, RecursionError, *_SLIPS) as error:
        raise syntax_error(sql[:80]) from error
    if not found:
        raise StatementError(1065, "42000", "Query was empty")
    if len(found) > 1:
        raise syntax_error(found[1].sql(dialect="mysql")[:80])
    statement: Any = found[0]
    if _is_deeper(statement, DEEPEST):
        raise StatementError(1436, "HY000", "Thread stack overrun")
    for function in statement.find_all(exp.Anonymous):
        if str(function.name).lower().startswith("grasp_"):
            raise StatementError(1305, "42000", f"FUNCTION dbbench.{function.name} does not exist")
    return statement


def _is_deeper(statement: Any, levels: int) -> bool:
    level = [statement]
    while level and levels:
        level = [part for node in level for part in node.iter_expressions()]
        levels -= 1
    return bool(level)


_BEFORE_TABLES = frozenset(("FROM", "JOIN", "INTO", "UPDATE", "TABLE", "DESCRIBE", "DESC"))


#: Functions with a FROM of their own.
_WITH_FROM = frozenset(("EXTRACT", "TRIM", "SUBSTRING", "SUBSTR"))


def _refuse_quoted_tables(sql: str) -> None:
    """Text is no name of a table, whichever quotes it has; sqlglot would take it for one."""
    before, inside = "", [""]
    for token in ReadMySQL().tokenize(sql):
        said = "" if token.token_type == TokenType.STRING else token.text.upper()
        if said == "(":
            inside.append(before)
        elif said == ")" and len(inside) > 1:
            inside.pop()
        elif not said and before in _BEFORE_TABLES and inside[-1] not in _WITH_FROM:
            raise syntax_error(sql[token.start :][:80], token.line)
        before = said


def syntax_error(near: str, line: int = 1) -> StatementError:
    """Return what MySQL says of a statement it can't read."""
    return StatementError(
        1064,
        "42000",
        "You have an error in your SQL syntax; check the manual that corresponds to your MySQL "
        f"server version for the right syntax to use near '{near}' at line {line}",
    )


def translate(statement: Any) -> str:
    """Return a parsed statement in SQLite's language.

    Raises:
        StatementError: It can't be said there.
    """
    try:
        changed = _expressions(statement.copy())
        changed = _STATEMENTS.get(type(changed), lambda e: e)(changed)
        return str(WriteSQLite().generate(changed, copy=False, identify=True))
    except (SqlglotError, RecursionError, *_SLIPS) as error:
        raise StatementError(1235, "42000", f"This is not supported: {error}") from error


# -- expressions ---------------------------------------------------------------------------


def _expressions(statement: Any) -> Any:
    """Apply the rules from the inside out, so that each sees what its parts have become."""
    assigned = {id(e) for u in statement.find_all(exp.Update) for e in u.expressions}
    for node in reversed(list(statement.bfs())):
        rule = _EXPRESSIONS.get(type(node))
        if rule is None or id(node) in assigned:
            continue
        changed = rule(node)
        if changed is not node:
            node.replace(changed)
    return statement


def numeric(node: Any) -> bool:
    """Tell whether an expression's value is a number whatever the data."""
    if isinstance(node, exp.Literal):
        return not node.is_string
    if isinstance(node, (exp.Paren, exp.Neg, exp.Max, exp.Min, exp.Window)):
        return isinstance(node, exp.Neg) or numeric(node.this)
    if isinstance(node, (*_ARITHMETIC, exp.Count, exp.Sum, exp.Avg, exp.Boolean)):
        return not (isinstance(node, (exp.Add, exp.Sub)) and node.find(exp.Interval))
    if isinstance(node, (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Stddev, exp.Variance)):
        return True
    if isinstance(node, exp.Cast):
        return node.to.this in _NUMBER_TYPES
    if isinstance(node, exp.Anonymous):
        name = str(node.name)
        return name.upper() in NUMERIC or name in NUMERIC
    if isinstance(node, (exp.Subquery, exp.Select)):
        selects = node.selects
        return len(selects) == 1 and numeric(selects[0].unalias())
    if isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least)):
        return all(numeric(n) for n in (node.this, *node.expressions))
    if isinstance(node, exp.If):
        return numeric(node.args.get("true")) and numeric(node.args.get("false"))
    if isinstance(node, exp.Case):
        results = [branch.args.get("true") for branch in node.args.get("ifs", ())]
        return all(numeric(r) for r in (*results, *filter(None, [node.args.get("default")])))
    return False


def _as_number(node: Any) -> Any:
    if numeric(node):
        return node
    return call("grasp_number", node)


def _collated(node: Any) -> Any:
    binary = isinstance(node, exp.Collate)
    return node if binary else exp.Collate(this=exp.paren(node), expression=exp.var(COLLATION))


def _comparison(node: Any) -> Any:
    left, right = node.this, node.expression
    if isinstance(left, exp.Tuple) or isinstance(right, exp.Tuple):
        return node
    if numeric(left) != numeric(right):
        node.set("this", _as_number(left))
        node.set("expression", _as_number(right))
    elif not numeric(left) and not isinstance(right, exp.Collate):
        node.set("this", _collated(left))
    return node


def _between(node: Any) -> Any:
    low, high = node.args["low"], node.args["high"]
    if numeric(low) or numeric(high) or numeric(node.this):
        for key in ("this", "low", "high"):
            node.set(key, _as_number(node.args[key]))
    else:
        node.set("this", _collated(node.this))
    return node


def _in(node: Any) -> Any:
    if isinstance(node.this, exp.Tuple):
        return node
    values = node.expressions
    query = node.args.get("query")
    numbers = bool(values) and any(numeric(v) for v in values)
    if numbers or numeric(node.this) or (query is not None and numeric(query)):
        node.set("this", _as_number(node.this))
        node.set("expressions", [_as_number(v) for v in values])
    else:
        node.set("this", _collated(node.this))
    return node


def _arithmetic(node: Any) -> Any:
    left, right = node.this, node.expression
    if isinstance(node, (exp.Add, exp.Sub)):
        if isinstance(right, exp.Interval):
            return _moved(left, right, back=isinstance(node, exp.Sub))
        if isinstance(left, exp.Interval):
            return _moved(right, left, back=False)
    helper = _HELPERS.get(type(node))
    if helper is not None:
        return call(helper, left, right)
    node.set("this", _as_number(left))
    node.set("expression", _as_number(right))
    return node


_HELPERS: Mapping[type, str] = {
    exp.Div: "grasp_divide",
    exp.Mod: "grasp_modulo",
    exp.IntDiv: "grasp_whole_divide",
}


def _moved(date: Any, interval: Any, *, back: bool) -> Any:
    amount = interval.this
    if isinstance(amount, exp.Literal):
        amount = exp.Literal(this=amount.name, is_string=True)
    if back:
        amount = exp.Neg(this=_as_number(amount))
    unit = str(interval.args.get("unit") or "DAY").upper()
    return call("grasp_date_add", date, amount, exp.Literal.string(unit))


def _date_add(node: Any) -> Any:
    interval = exp.Interval(this=node.expression, unit=node.args.get("unit"))
    if isinstance(node.expression, exp.Interval):
        interval = node.expression
    return _moved(node.this, interval, back=isinstance(node, (exp.DateSub, exp.TsOrDsDiff)))


def _aggregate(node: Any) -> Any:
    inner = node.this
    if isinstance(inner, exp.Distinct):
        inner.set("expressions", [_as_number(e) for e in inner.expressions])
    elif inner is not None:
        node.set("this", _as_number(inner))
    return node


def _negative(node: Any) -> Any:
    node.set("this", _as_number(node.this))
    return node


def _cast(node: Any) -> Any:
    kind = node.to.this
    if kind in _WHOLE_TYPES:
        return call("grasp_signed", node.this)
    if kind == _TYPE.DECIMAL:
        sizes = node.to.expressions
        digits = str(sizes[1].name) if len(sizes) > 1 else "0"
        return call("grasp_decimal", node.this, exp.Literal.number(digits))
    if kind in _REAL_TYPES:
        return call("grasp_number", node.this)
    if kind == _TYPE.DATE:
        return call("grasp_date", node.this)
    if kind in _TIME_TYPES:
        return call("DATE_FORMAT", node.this, exp.Literal.string("%Y-%m-%d %H:%i:%s"))
    if kind in _BINARY_TYPES:
        return exp.Collate(this=call("grasp_text", node.this), expression=exp.var("BINARY"))
    return call("grasp_text", node.this)


def _collate(node: Any) -> Any:
    name = str(node.expression.name).lower()
    node.set("expression", exp.var("BINARY" if name.endswith("_bin") else COLLATION))
    return node


def _trim(node: Any) -> Any:
    where = str(node.args.get("position") or "BOTH").upper()
    part = node.expression or exp.Literal.string(" ")
    return call("grasp_trim", exp.Literal.string(where), node.this, part)


def _group_concat(node: Any) -> Any:
    mark = node.args.get("separator") or exp.Literal.string(",")
    inner, keys, distinct = node.this, [], False
    if isinstance(inner, exp.Order):
        for ordered in inner.expressions:
            down = exp.Literal.number(1 if ordered.args.get("desc") else 0)
            keys += [ordered.this, down]
        inner = inner.this
    if isinstance(inner, exp.Distinct):
        distinct, parts = True, inner.expressions
        inner = parts[0] if len(parts) == 1 else call("CONCAT", *parts)
    flag = exp.Literal.number(int(distinct))
    return call("grasp_group_concat", mark, flag, inner, *keys)


def _extract(node: Any) -> Any:
    return call(str(node.this.name).upper(), node.expression)


def _xor(node: Any) -> Any:
    left, right = exp.paren(node.this), exp.paren(node.expression)
    both = exp.and_(left.copy(), right.copy())
    return exp.paren(exp.and_(exp.or_(left, right), exp.not_(exp.paren(both))))


def _position(node: Any) -> Any:
    return call(
        "LOCATE", node.args["substr"], node.this, *filter(None, [node.args.get("position")])
    )


def _regexp(node: Any) -> Any:
    return call("REGEXP_LIKE", node.this, node.expression)


def _anonymous(node: Any) -> Any:
    if str(node.name).upper() == "TIMESTAMPDIFF" and node.expressions:
        unit = node.expressions[0]
        node.expressions[0].replace(exp.Literal.string(str(unit.name).upper()))
    return node


def _substring(node: Any) -> Any:
    length = node.args.get("length")
    start = node.args.get("start") or exp.Literal.number(1)
    return call("SUBSTRING", node.this, start, *([length] if length is not None else []))


_EXPRESSIONS: Mapping[type, Callable[[Any], Any]] = {
    **dict.fromkeys(_COMPARISONS, _comparison),
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    **dict.fromkeys((exp.Sum, exp.Avg), _aggregate),
    **dict.fromkeys((exp.DateAdd, exp.DateSub), _date_add),
    exp.Anonymous: _anonymous,
    exp.Between: _between,
    exp.Cast: _cast,
    exp.Collate: _collate,
    exp.CurrentDate: lambda node: call("CURDATE"),
    exp.CurrentTimestamp: lambda node: call("NOW"),
    exp.Extract: _extract,
    exp.GroupConcat: _group_concat,
    exp.In: _in,
    exp.Neg: _negative,
    exp.RegexpLike: _regexp,
    exp.StrPosition: _position,
    exp.Substring: _substring,
    exp.Trim: _trim,
    exp.Xor: _xor,
}


# -- statements ----------------------------------------------------------------------------


def _stored(value: Any) -> Any:
    """Return what a TEXT column gets: numbers as MySQL writes them."""
    sign = "-" if isinstance(value, exp.Neg) else ""
    inner = value.this if sign else value
    if isinstance(inner, exp.Literal) and not inner.is_string:
        return exp.Literal.string(sign + literal(str(inner.name)))
    if isinstance(value, exp.Boolean):
        return exp.Literal.string(str(int(value.this)))
    return call("grasp_text", value) if numeric(value) else value


def _insert(node: Any) -> Any:
    source = node.expression
    if isinstance(source, exp.Values):
        for row in source.expressions:
            row.set("expressions", [_stored(value) for value in row.expressions])
    elif isinstance(source, exp.Select):
        source.set("expressions", [_stored(value) for value in source.expressions])
    node.set("conflict", None)  # There are no keys that an insertion could meet.
    return node


def _update(node: Any) -> Any:
    target = node.this
    joins = target.args.get("joins") if isinstance(target, exp.Table) else None
    if joins:
        if len(joins) > 1:
            raise StatementError(1235, "42000", "This version supports one JOIN in an UPDATE")
        target.set("joins", None)
        node.set(
            "from_" if "from_" in exp.Update.arg_types else "from", exp.From(this=joins[0].this)
        )
        if joins[0].args.get("on") is not None:
            node.where(joins[0].args["on"], copy=False)
    for change in node.expressions:
        if isinstance(change.this, exp.Column):
            change.this.set("table", None)
        change.set("expression", _stored(change.expression))
    return _limited(node)


def _limited(node: Any) -> Any:
    """Say ``ORDER BY`` and ``LIMIT`` of a change in a subquery."""
    order, limit = node.args.get("order"), node.args.get("limit")
    if order is None and limit is None:
        return node
    rows = exp.select("rowid").from_(node.this.copy())
    where = node.args.get("where")
    if where is not None:
        rows = rows.where(where.this.copy())
    for key, clause in (("order", order), ("limit", limit)):
        rows.set(key, clause)
        node.set(key, None)
    node.set("where", exp.Where(this=exp.In(this=exp.column("rowid"), query=rows.subquery())))
    return node


def _truncate(node: Any) -> Any:
    return exp.delete(node.expressions[0])


_STATEMENTS: Mapping[type, Callable[[Any], Any]] = {
    exp.Insert: _insert,
    exp.Update: _update,
    exp.Delete: _limited,
    exp.TruncateTable: _truncate,
}
