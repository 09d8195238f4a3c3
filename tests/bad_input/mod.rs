//! What comes in at each door and must not: a refusal with a stable code, and nothing recorded.
