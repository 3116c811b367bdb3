"""The engines of a review: each looks at a change in its own way."""
