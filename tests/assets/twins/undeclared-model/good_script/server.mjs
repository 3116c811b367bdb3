// import OpenAI from "openai";
const name = "openai";
