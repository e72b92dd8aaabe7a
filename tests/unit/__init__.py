"""The pure rules, without a database: facts, policy, law and time in, answers out."""
