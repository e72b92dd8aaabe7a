"""What goes out to people and what comes in from them: messages, letters, what a letter asks for."""
