"""The desk's pages: what people with an account see and do in a browser, on a listener of their own."""
