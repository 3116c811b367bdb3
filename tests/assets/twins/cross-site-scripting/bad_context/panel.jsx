export const Panel = ({ onLoad, html }) => (
  <section>
    <button onClick={onLoad}>Load</button>
    <div dangerouslySetInnerHTML={{ __html: html }} /> {/* FINDING */}
  </section>
);
