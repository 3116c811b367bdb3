const x = await import("lodash"); // FINDING
