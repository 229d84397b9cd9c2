"""WebShop: find and buy the product that fits an instruction (spec agentbench, 3)."""
