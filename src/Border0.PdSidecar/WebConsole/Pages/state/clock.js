// The sidecar's clock, which ages and time left go by, whatever the browser's says.
let offset = 0;

export const clock = {
  /** Sets it by what the sidecar said just now. */
  set(iso) {
    offset = Date.parse(iso) - Date.now();
  },

  /** Milliseconds since 1970. */
  now() {
    return Date.now() + offset;
  },

  /** Seconds that have passed since an instant. */
  since(iso) {
    return (this.now() - Date.parse(iso)) / 1000;
  },
};
