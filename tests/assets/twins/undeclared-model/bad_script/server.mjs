import OpenAI from "openai"; // FINDING
