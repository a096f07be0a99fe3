// <lockstep-resume>: the way back to where the reader was. Run as the page is parsed, before it is first painted, so that
// nothing jumps for whoever comes again; whoever comes for the first time is shown nothing.
if (!customElements.get('lockstep-resume')) {
  customElements.define(
    'lockstep-resume',
    class extends HTMLElement {
      connectedCallback() {
        if (this.firstChild) return;
        let place;
        try {
          place = JSON.parse(localStorage.getItem('lockstep-progress') || '{}').place;
        } catch {
          // Storage may be forbidden, or hold anything: there is no place to go back to.
        }
        const page = JSON.parse(this.dataset.pages || '{}')[place?.page];
        if (!page || typeof place.section !== 'string' || typeof place.title !== 'string') return;
        const [row, link, where] = ['p', 'a', 'span'].map((tag) => document.createElement(tag));
        row.className = 'hero-place';
        link.className = 'ls-button is-primary is-large';
        link.href = place.section ? `${page.href}#${encodeURIComponent(place.section)}` : page.href;
        link.textContent = 'Resume where you were';
        where.textContent = place.title ? `${page.title}: “${place.title}”` : page.title;
        row.append(link, where);
        this.append(row);
      }
    },
  );
}
