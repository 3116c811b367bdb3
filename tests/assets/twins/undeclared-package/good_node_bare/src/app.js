import "al";
import z from "@/lodash";
const words = "import lodash from";
