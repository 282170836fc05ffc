// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../interfaces/IEscrow.sol";
import {AccountWord} from "./AccountWord.sol";
import {Balances} from "./Balances.sol";
import {SignedActions} from "./SignedActions.sol";

/// @title Mandates: the most that one delivery day may cost an account
/// @notice A list per account. Each entry covers the UTC days validFromDay <= day < validToDay with one cap per day.
///         Entries never overlap, and none may begin on a day that has been settled, so the cap of a settled day is
///         fixed for good and needs no per-day storage.
abstract contract Mandates is Balances, SignedActions {
    /// @notice What an account signs.
    struct MandateMessage {
        address account;
        uint32 validFromDay;
        uint32 validToDay;
        uint256 capPerDay;
        bytes32 termsHash;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice One registered mandate.
    struct Mandate {
        uint88 cap;
        uint32 validFrom;
        uint32 validTo;
        uint64 registeredAt;
        bytes32 termsHash;
    }

    bytes32 private constant MANDATE_TYPEHASH = keccak256(
        "Mandate(address account,uint32 validFromDay,uint32 validToDay,uint256 capPerDay,MandateTerms terms,uint256 nonce,uint256 deadline)MandateTerms(uint64 buyCeiling,uint64 sellFloor,bool followSignal,uint64 maxBuyWhPerDay,uint64 maxSellWhPerDay)"
    );
    bytes32 private constant MANDATE_END_TYPEHASH = keccak256(
        "MandateEnd(address account,uint32 mandateIndex,uint32 endDay,uint256 nonce,uint256 deadline)"
    );

    /// @inheritdoc IEscrow
    /// @dev Energy beyond it may be traded already.
    uint64 public immutable gateLead;

    mapping(address account => Mandate[]) private _mandates;

    /// @notice `mandateIndex` covers the days validFromDay <= day < validToDay with `capPerDay` token base units each.
    event MandateRegistered(
        address indexed account,
        uint32 mandateIndex,
        uint32 validFromDay,
        uint32 validToDay,
        uint256 capPerDay,
        bytes32 termsHash
    );
    /// @notice The mandate now covers days before `endDay` only.
    event MandateEnded(address indexed account, uint32 mandateIndex, uint32 endDay);

    /// @notice validFromDay must lie before validToDay.
    error MandateDaysEmpty(uint32 validFromDay, uint32 validToDay);
    /// @notice The account's newest mandate covers days up to `currentEnd`; end it first.
    error MandateOverlaps(uint32 validFromDay, uint256 currentEnd);
    /// @notice A run was applied for `lastRunDay`: earlier days are settled.
    error MandateDaySettled(uint32 validFromDay, uint32 lastRunDay);
    /// @notice The cap exceeds what can be stored.
    error CapTooLarge(uint256 cap, uint256 max);
    /// @notice The account has `count` mandates.
    error UnknownMandate(address account, uint32 index, uint256 count);
    /// @notice The mandate can end on a day from `earliest` to `latest`.
    error EndDayOutOfRange(uint32 endDay, uint256 earliest, uint256 latest);

    constructor(uint64 gateLead_) {
        gateLead = gateLead_;
    }

    /// @notice Number of mandates that an account has registered.
    /// @param account 20-byte account id
    function mandateCount(address account) external view returns (uint256) {
        return _mandates[account].length;
    }

    /// @notice One mandate of an account. Reverts if it does not exist.
    /// @param account 20-byte account id
    /// @param index its number, from 0
    function mandateAt(address account, uint32 index) external view returns (Mandate memory) {
        uint256 count = _mandates[account].length;
        if (index >= count) revert UnknownMandate(account, index, count);
        return _mandates[account][index];
    }

    /// @inheritdoc IEscrow
    function capOn(address account, uint32 day) public view returns (uint256) {
        return _capIn(_accounts[account].word, account, day);
    }

    /// @notice Registers a mandate. Signed by the account, relayed by anyone.
    /// @dev Reverts if: no day is covered; it begins before the newest one ends, or on a day not after the last settled
    ///      one; the cap exceeds 88 bits; deadline, nonce or signature fail.
    /// @param message the signed fields; termsHash is the EIP-712 struct hash of the MandateTerms shown to the signer
    /// @param signature over Mandate(...)
    /// @return index the mandate's number
    function registerMandate(MandateMessage calldata message, bytes calldata signature)
        external
        returns (uint32 index)
    {
        // A struct of static fields is encoded as they would be one by one: type hash, then the fields in order.
        bytes32 structHash = keccak256(abi.encode(MANDATE_TYPEHASH, message));
        _authorize(message.account, structHash, message.nonce, message.deadline, signature);
        (uint32 from, uint32 to) = (message.validFromDay, message.validToDay);
        if (from >= to) revert MandateDaysEmpty(from, to);
        if (from <= lastRunDay) revert MandateDaySettled(from, lastRunDay);
        if (message.capPerDay > type(uint88).max) revert CapTooLarge(message.capPerDay, type(uint88).max);

        Account storage a = _accounts[message.account];
        AccountWord word = a.word;
        if (from < word.validTo()) revert MandateOverlaps(from, word.validTo());
        Mandate[] storage list = _mandates[message.account];
        index = uint32(list.length);
        a.word = word.withMandate(uint88(message.capPerDay), from, to, index != 0);
        list.push(
            Mandate({
                cap: uint88(message.capPerDay),
                validFrom: from,
                validTo: to,
                registeredAt: uint64(block.timestamp),
                termsHash: message.termsHash
            })
        );
        emit MandateRegistered(message.account, index, from, to, message.capPerDay, message.termsHash);
    }

    /// @notice Ends a mandate early: days from `endDay` on are not covered. Energy whose gate has closed stays payable,
    ///         so the earliest end is the day after the one that the market is trading. Signed by the account, relayed
    ///         by anyone, possible while paused.
    /// @dev Reverts if: no such mandate; endDay is before the next gate's day or the mandate's first day, or not
    ///      before its present end; deadline, nonce or signature fail.
    /// @param account 20-byte account id
    /// @param mandateIndex the mandate's number
    /// @param endDay first UTC day no longer covered
    /// @param nonce any unused nonce of the account
    /// @param deadline unix time
    /// @param signature over MandateEnd(account, mandateIndex, endDay, nonce, deadline)
    function endMandate(
        address account,
        uint32 mandateIndex,
        uint32 endDay,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 structHash = keccak256(abi.encode(MANDATE_END_TYPEHASH, account, mandateIndex, endDay, nonce, deadline));
        _authorize(account, structHash, nonce, deadline, signature);
        Mandate[] storage list = _mandates[account];
        if (mandateIndex >= list.length) revert UnknownMandate(account, mandateIndex, list.length);
        Mandate storage mandate = list[mandateIndex];
        uint256 earliest = (block.timestamp + gateLead) / 1 days + 1;
        if (earliest < mandate.validFrom) earliest = mandate.validFrom;
        if (endDay < earliest || endDay >= mandate.validTo) {
            revert EndDayOutOfRange(endDay, earliest, uint256(mandate.validTo) - 1);
        }
        mandate.validTo = endDay;
        if (mandateIndex == list.length - 1) {
            Account storage a = _accounts[account];
            a.word = a.word.withMandate(mandate.cap, mandate.validFrom, endDay, mandateIndex != 0);
        }
        emit MandateEnded(account, mandateIndex, endDay);
    }

    /// @dev {capOn} for an account word that is at hand already.
    function _capIn(AccountWord word, address account, uint256 day) internal view returns (uint256) {
        if (day >= word.validFrom()) return day < word.validTo() ? word.cap() : 0;
        return word.hasOlderMandates() ? _olderCapOn(account, day) : 0;
    }

    /// @dev Searches the list by halving: an account with very many mandates costs a run a few reads more, no more.
    function _olderCapOn(address account, uint256 day) private view returns (uint256) {
        Mandate[] storage list = _mandates[account];
        (uint256 low, uint256 high) = (0, list.length);
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (list[middle].validFrom <= day) low = middle + 1;
            else high = middle;
        }
        if (low == 0) return 0;
        Mandate storage mandate = list[low - 1];
        return day < mandate.validTo ? mandate.cap : 0;
    }
}
