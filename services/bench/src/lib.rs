//! Measures the platform from outside, and checks what it measures.
