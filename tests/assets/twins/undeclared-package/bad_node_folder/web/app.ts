import x from "lodash"; // FINDING
