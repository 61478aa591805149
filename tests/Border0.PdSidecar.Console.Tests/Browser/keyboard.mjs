// A person with a keyboard and no pointer.
import assert from 'node:assert/strict';

export class Keyboard {
  #page;

  constructor(page) {
    this.#page = page;
  }

  /** Presses Tab until what has the focus is called so. */
  async to(name, { back = false, most = 120 } = {}) {
    const met = [];
    for (let i = 0; i < most; i++) {
      const focused = await this.focused();
      if (name instanceof RegExp ? name.test(focused) : focused === name) return;
      met.push(focused);
      await this.#page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
    }

    assert.fail(`Tab does not lead to ${name}; met ${[...new Set(met)].join(' | ')}`);
  }

  /** Goes to what is called so, and presses a key. */
  async press(name, key = 'Enter', options = {}) {
    await this.to(name, options);
    await this.#page.keyboard.press(key);
  }

  /** Goes to what is called so, and types over what is there. */
  async type(name, text, options = {}) {
    await this.to(name, options);
    await this.#page.keyboard.press('Control+A');
    await this.#page.keyboard.insertText(text);
    await this.#page.evaluate(() => document.activeElement.dispatchEvent(new Event('change', { bubbles: true })));
  }

  /** The name of what has the focus, as a reader would say it. */
  focused() {
    return this.#page.evaluate(() => {
      const at = document.activeElement;
      const label = at.id ? document.querySelector(`label[for="${CSS.escape(at.id)}"]`) : null;
      const said = at.getAttribute('aria-label') || label?.firstChild?.textContent || at.textContent;
      return said.trim().replace(/\s+/g, ' ').slice(0, 80);
    });
  }
}
