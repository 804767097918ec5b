"""What tests share: databases, a served application, a client that knows the contract."""
