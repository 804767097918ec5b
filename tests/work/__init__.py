"""What happens later: tests of duties that talk to other servers."""
