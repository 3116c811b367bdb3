class Main {
    private static final String PASSWORD = "Kd82!ls9QxZ"; // FINDING
    void open(Source source) { source.setPassword("Kd82ls9QxZ!"); } // FINDING
}
