export const Panel = ({ onLoad, html }) => (
  <section>
    <button onClick={onLoad}>Load</button>
    <div>{html}</div>
  </section>
);
