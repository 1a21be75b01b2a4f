"""Side by side: how fast, and how rightly, engines say which tokens may come next. README.md has the protocol."""
