// A link to each section of the page, beside its heading: pressed, the address is in the bar, and copied.
import './heading-links.css';

function addLinks(): void {
  for (const heading of document.querySelectorAll<HTMLElement>('.sl-markdown-content :is(h2, h3)[id]')) {
    if (heading.closest('.not-content') !== null || heading.querySelector('.heading-link') !== null) continue;
    const link = document.createElement('a');
    link.className = 'heading-link';
    link.href = `#${heading.id}`;
    link.textContent = '#';
    link.title = 'Link to this section';
    link.setAttribute('aria-label', 'Link to this section');
    link.addEventListener('click', () => void copy(link));
    heading.append(' ', link);
  }
}

async function copy(link: HTMLAnchorElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(link.href);
    link.title = 'Copied';
    link.dataset['copied'] = '';
    setTimeout(() => {
      link.title = 'Link to this section';
      delete link.dataset['copied'];
    }, 2000);
  } catch {
    // Without a clipboard the address is in the bar all the same.
  }
}

addLinks();
// Where one page takes the place of another without a load.
document.addEventListener('astro:page-load', addLinks);
