"""The proof that every role may do what it does and nothing else; see `docs/decisions/103-exact-permissions.md`."""
