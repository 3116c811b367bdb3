import "lodash"; // FINDING
