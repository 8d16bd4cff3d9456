"""One noun per file; each construct's resource is a public attribute."""
