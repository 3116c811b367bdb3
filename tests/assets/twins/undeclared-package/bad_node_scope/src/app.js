import { y } from "@s/b"; // FINDING
