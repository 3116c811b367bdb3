import express from "express";
import { page } from "./page.js";

const app = express();
app.get("/", (request, response) => response.send(page("Vite")));
app.listen(process.env.PORT || 5173, () => console.log("up"));
