"""The engine inside other people's generation loops; each module needs the library it is named after."""
