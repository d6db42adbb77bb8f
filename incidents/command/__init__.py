"""How an incident is led by people: updates, roles, the bridge, the report."""
