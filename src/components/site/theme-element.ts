// The theme button. The choice is kept where Starlight keeps it, so that the script of theme-provider.astro finds it.
const key = 'starlight-theme';
const choices = ['auto', 'light', 'dark'] as const;
type Choice = (typeof choices)[number];
const words: Record<Choice, string> = { auto: 'Auto', light: 'Light', dark: 'Dark' };
const prefersLight = matchMedia('(prefers-color-scheme: light)');

function load(): Choice {
  try {
    const stored = localStorage.getItem(key);
    return stored === 'light' || stored === 'dark' ? stored : 'auto';
  } catch {
    return 'auto';
  }
}

function store(choice: Choice): void {
  try {
    localStorage.setItem(key, choice === 'auto' ? '' : choice);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

class LockstepTheme extends HTMLElement {
  #choice: Choice = load();
  #life = new AbortController();

  connectedCallback(): void {
    const button = this.querySelector('button');
    if (!button) return;
    button.hidden = false;
    this.#life = new AbortController();
    button.addEventListener('click', () => {
      this.#choice = choices[(choices.indexOf(this.#choice) + 1) % choices.length] ?? 'auto';
      store(this.#choice);
      this.#apply(button);
    });
    prefersLight.addEventListener('change', () => this.#apply(button), { signal: this.#life.signal });
    this.#apply(button);
  }

  disconnectedCallback(): void {
    this.#life.abort();
  }

  #apply(button: HTMLButtonElement): void {
    const theme = this.#choice === 'auto' ? (prefersLight.matches ? 'light' : 'dark') : this.#choice;
    document.documentElement.dataset['theme'] = theme;
    const word = button.querySelector('.theme-word');
    if (word) word.textContent = words[this.#choice];
    button.setAttribute('aria-label', `Theme: ${words[this.#choice]}. Change`);
  }
}

customElements.define('lockstep-theme', LockstepTheme);
