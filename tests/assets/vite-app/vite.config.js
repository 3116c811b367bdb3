import { defineConfig } from "vite";

export default defineConfig({
  build: { ssr: "server.js", outDir: "dist" },
  ssr: { noExternal: true },
});
