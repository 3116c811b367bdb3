class Main {
    private static final String PASSWORD = System.getenv("PASSWORD");
    void open(Source source) { source.setPassword(PASSWORD); }
}
