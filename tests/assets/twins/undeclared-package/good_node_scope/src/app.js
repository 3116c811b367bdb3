import { y } from "@s/a/deep";
// import { y } from "@s/b";
