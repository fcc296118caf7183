// The ledger starts workers by their files' addresses, which a bundle does not have.
// #region config
import type { NextConfig } from 'next';

const config: NextConfig = { serverExternalPackages: ['@paidonce/ledger'] };
export default config;
// #endregion config
