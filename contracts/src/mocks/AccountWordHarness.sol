// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccountWord} from "../escrow/AccountWord.sol";

/// @title Test access to the word that a run reads and writes of an account
contract AccountWordHarness {
    /// @notice All fields of a word.
    struct Shown {
        uint256 free;
        uint256 cap;
        uint256 validFrom;
        uint256 validTo;
        bool hasReceivable;
        bool hasOlderMandates;
        uint256 zone;
    }

    /// @notice What a word says.
    function shown(AccountWord word) external pure returns (Shown memory) {
        return Shown(
            word.free(),
            word.cap(),
            word.validFrom(),
            word.validTo(),
            word.hasReceivable(),
            word.hasOlderMandates(),
            word.zone()
        );
    }

    /// @notice The word with a zone.
    function withZone(AccountWord word, uint256 number) external pure returns (AccountWord) {
        return word.withZone(number);
    }

    /// @notice The word with a larger free balance.
    function plus(AccountWord word, uint256 amount) external pure returns (AccountWord) {
        return word.plus(amount);
    }

    /// @notice The word with a smaller free balance.
    function minus(AccountWord word, uint256 amount) external pure returns (AccountWord) {
        return word.minus(amount);
    }

    /// @notice The word with or without the receivable flag.
    function withReceivable(AccountWord word, bool outstanding) external pure returns (AccountWord) {
        return word.withReceivable(outstanding);
    }

    /// @notice The word with a copy of the newest mandate.
    function withMandate(AccountWord word, uint88 cap, uint32 from, uint32 to, bool older)
        external
        pure
        returns (AccountWord)
    {
        return word.withMandate(cap, from, to, older);
    }
}
