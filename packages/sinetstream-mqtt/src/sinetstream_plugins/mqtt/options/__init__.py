"""The parameters of readers and writers: their names, how they are checked, what they become."""
