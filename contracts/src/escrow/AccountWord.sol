// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev What a run reads and writes of an account, in one storage word:
///      free balance 96 bits | cap of the newest mandate 88 | its first day 32 | its end day 32 | flags 2 | zone 6.
type AccountWord is uint256;

using AccountWords for AccountWord global;

/// @title Reading and changing an account word
/// @notice By hand and not by struct, since the compiler reads storage once per member of a packed struct, and a run
///         does this for hundreds of accounts.
library AccountWords {
    uint256 private constant FREE_MASK = type(uint96).max;
    uint256 private constant MANDATE_MASK = ((1 << 152) - 1) << 96;
    /// @dev An outstanding receivable is to be collected from credits and deposits.
    uint256 private constant HAS_RECEIVABLE = 1 << 248;
    /// @dev The mandate list is longer than the copy in the word.
    uint256 private constant HAS_OLDER_MANDATES = 1 << 249;
    uint256 private constant ZONE_SHIFT = 250;

    /// @notice Unrequested balance.
    function free(AccountWord word) internal pure returns (uint256) {
        return AccountWord.unwrap(word) & FREE_MASK;
    }

    /// @notice Cap per day of the newest mandate.
    function cap(AccountWord word) internal pure returns (uint256) {
        return (AccountWord.unwrap(word) >> 96) & type(uint88).max;
    }

    /// @notice First day of the newest mandate.
    function validFrom(AccountWord word) internal pure returns (uint256) {
        return (AccountWord.unwrap(word) >> 184) & type(uint32).max;
    }

    /// @notice First day that the newest mandate no longer covers.
    function validTo(AccountWord word) internal pure returns (uint256) {
        return (AccountWord.unwrap(word) >> 216) & type(uint32).max;
    }

    /// @notice Whether a receivable is outstanding.
    function hasReceivable(AccountWord word) internal pure returns (bool) {
        return AccountWord.unwrap(word) & HAS_RECEIVABLE != 0;
    }

    /// @notice Whether days before the newest mandate may be covered by older ones.
    function hasOlderMandates(AccountWord word) internal pure returns (bool) {
        return AccountWord.unwrap(word) & HAS_OLDER_MANDATES != 0;
    }

    /// @notice Number of the zone whose runs may debit the account; 0 before the first debit.
    function zone(AccountWord word) internal pure returns (uint256) {
        return AccountWord.unwrap(word) >> ZONE_SHIFT;
    }

    /// @notice The word of an account without a zone, with one.
    function withZone(AccountWord word, uint256 number) internal pure returns (AccountWord) {
        return AccountWord.wrap(AccountWord.unwrap(word) | (number << ZONE_SHIFT));
    }

    /// @notice The word with a larger free balance, which fits 96 bits because all liabilities together do.
    function plus(AccountWord word, uint256 amount) internal pure returns (AccountWord) {
        unchecked {
            return AccountWord.wrap(AccountWord.unwrap(word) + amount);
        }
    }

    /// @notice The word with a smaller free balance; `amount` is at most {free}.
    function minus(AccountWord word, uint256 amount) internal pure returns (AccountWord) {
        unchecked {
            return AccountWord.wrap(AccountWord.unwrap(word) - amount);
        }
    }

    /// @notice The word with or without the receivable flag.
    function withReceivable(AccountWord word, bool outstanding) internal pure returns (AccountWord) {
        uint256 rest = AccountWord.unwrap(word) & ~HAS_RECEIVABLE;
        return AccountWord.wrap(outstanding ? rest | HAS_RECEIVABLE : rest);
    }

    /// @notice The word with a copy of the newest mandate.
    function withMandate(AccountWord word, uint88 cap_, uint32 from, uint32 to, bool older)
        internal
        pure
        returns (AccountWord)
    {
        uint256 mandate = (uint256(cap_) << 96) | (uint256(from) << 184) | (uint256(to) << 216);
        uint256 rest = AccountWord.unwrap(word) & ~MANDATE_MASK;
        return AccountWord.wrap(rest | mandate | (older ? HAS_OLDER_MANDATES : 0));
    }
}
