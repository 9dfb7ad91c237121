// The fan page.
