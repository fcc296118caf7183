/** The languages of an explanation: English, and Traditional Chinese. */
export type Language = 'en' | 'zh-TW';
