"""Values in JavaScript and TypeScript: from where they come in to where they do harm, through the whole app."""
