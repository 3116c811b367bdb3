function run() {
  return 1 +; // FINDING
}
