"""One package, so that tests may share a file beside them and two folders may have files of the same name."""
