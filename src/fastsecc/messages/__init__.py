"""Every message of every namespace, as classes that are its schema."""
