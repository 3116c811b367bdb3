"""What is put beside an app in its sandbox."""
