"""The state machines in Amazon States Language, as functions of the ARNs and limits that they name."""
