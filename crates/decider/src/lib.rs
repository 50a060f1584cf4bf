//! The vocabulary of event sourcing: Decider, Schema and upcasts, Projection, Scenario. Pure.
