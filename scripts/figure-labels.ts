// What the rows of `peers` and `install` are called in the tables of figures. The benchmarks name them in English.
export type Language = 'en' | 'zh';
export type Words = Readonly<Record<Language, string>>;

/** The names of packages stay, and what is said of them is translated. */
const inChinese: readonly (readonly [RegExp, string])[] = [
  [/, read models and delivery on$/, '，開啟讀取模型與交付'],
  [/, as documented$/, '，照文件'],
  [/, tuned$/, '，調校後'],
  [/^unique table, /, '唯一鍵資料表，'],
  [/ on (SQLite|PostgreSQL)/, '（$1）'],
  [/(\d+) lost/, '遺失 $1 筆'],
  [/(\d+) doubled/, '重複 $1 筆'],
  [/(\d+) refused/, '拒絕 $1 筆'],
  [/, /g, '、'],
];

export function inLanguage(language: Language, label: string): string {
  return language === 'en' ? label : inChinese.reduce((text, [words, chinese]) => text.replace(words, chinese), label);
}
