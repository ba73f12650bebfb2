"""Services made with the kit, that ship with it."""
