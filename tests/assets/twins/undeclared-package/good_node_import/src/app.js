import x from "express";
