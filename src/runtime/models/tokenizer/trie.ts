/** Texts in a tree of their UTF-16 units: what begins at a place of another text is found in one walk. */
export interface TrieNode<T> {
  readonly next: Map<number, TrieNode<T>>;
  /** What ends here; null for nothing. */
  value: T | null;
}

export function trieNode<T>(): TrieNode<T> {
  return { next: new Map(), value: null };
}

/** The node of a text, made where it is missing. */
export function nodeOf<T>(root: TrieNode<T>, text: string): TrieNode<T> {
  let node = root;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    let following = node.next.get(unit);
    if (following === undefined) node.next.set(unit, (following = trieNode()));
    node = following;
  }
  return node;
}
