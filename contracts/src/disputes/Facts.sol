// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEscrow} from "../../interfaces/IEscrow.sol";
import {IRecordAnchor} from "../../interfaces/IRecordAnchor.sol";
import {ISettlement} from "../../interfaces/ISettlement.sol";
import {Amounts} from "./Amounts.sol";
import {FactWords} from "./FactWords.sol";
import {Openings} from "./Openings.sol";
import {Standing} from "./Standing.sol";
import {Statements} from "./Statements.sol";

/// @title What has been shown of a slot, and what was paid for it
/// @notice A claim shows one thing that a line or header should have said. It stays shown: later claims about the same slot
///         of the same run count with it, and every payment is what is owed with all of it, less what was posted and paid.
abstract contract Facts is Standing {
    /// @notice A slot under claim: what the run says of it, overridden by what has been shown.
    struct Case {
        Statements.Slot slot;
        uint256 kept; // storage slot of what has been shown
        address claimant; // whose money it is about
        int256 posted; // what the run gave the claimant for it, token base units
        uint256 paid; // what was paid for it since
        uint256 flags; // what has been shown
    }

    /// @dev Two words per slot of a point's statement and account.
    ///      Their layout is {FactWords}'.
    struct Fact {
        uint256 numbers;
        uint256 prices;
    }

    // Grounds, as a claimant signs them.
    uint256 internal constant ARITHMETIC = 0;
    uint256 internal constant ENERGY = 1;
    uint256 internal constant TRADE = 2;
    uint256 internal constant PRICE = 3;
    uint256 internal constant LIMIT = 4;
    uint256 internal constant VOID = 5;
    uint256 internal constant TOTAL = 6;
    uint256 internal constant MALFORMED = 7;

    bytes32 private constant CLAIM_TYPEHASH = keccak256(
        "Claim(address account,bytes32 runKey,uint16 sequence,bytes32 point,uint32 slot,uint8 ground,uint256 nonce,uint256 deadline)"
    );

    /// @notice Holds the money.
    IEscrow public immutable escrow;
    /// @notice Knows the runs and their windows.
    ISettlement public immutable settlement;
    /// @notice Holds the log's checkpoints.
    IRecordAnchor public immutable recordAnchor;

    mapping(bytes32 key => Fact) private _facts;

    /// @notice A claim holds: the slot's amount should be `amount`; `due` is what it lacked. What the ledger of
    ///         remedies added for it stands in the escrow's RemedyPaid, which comes right before. `numbers` and `prices` are
    ///         all that has been shown, packed as they are stored.
    event Recomputed(
        bytes32 indexed runKey,
        address indexed account,
        bytes32 indexed point,
        uint256 sequence,
        uint256 slot,
        uint256 ground,
        int256 amount,
        uint256 due,
        uint256 numbers,
        uint256 prices
    );

    /// @notice The run's checkpoint is not the one brought along, or that one was not anchored like this.
    error CheckpointWrong(uint64 seq, uint64 expected);
    /// @notice The slot is another account's.
    error NotTheAccounts(address account, address owner);
    /// @notice With what has been shown the slot is owed no more than was posted and paid.
    error NothingToPay(int256 amount, int256 posted, uint256 paid);
    /// @notice The entry opened as the cited one is another.
    error CitationWrong(uint256 given, uint256 cited);
    /// @notice The entry is what it should be.
    error EntryRight(uint256 index);
    /// @notice What is opened is about another zone, day, point or slot, or of another kind.
    error OfAnother(bytes32 given, bytes32 expected);

    constructor(IEscrow escrow_, ISettlement settlement_, IRecordAnchor recordAnchor_) {
        (escrow, settlement, recordAnchor) = (escrow_, settlement_, recordAnchor_);
    }

    /// @notice What has been shown of a slot and paid for it.
    /// @param runKey names zone and day
    /// @param sequence of the run
    /// @param point metering point
    /// @param slot UTC slot number
    /// @param account 20-byte account id
    /// @return numbers importWh u40 | exportWh u40 | boughtWh u40 | soldWh u40 | paid u80 | flags u16, from the top; flags:
    ///         1 energy, 2 trade, 4 local price, 8 tariff, 16 not the account's slot, 32 the account's by a BINDING
    /// @return prices local i64 | fee u64 | imported i64 | exported i64, from the top
    function factsOf(bytes32 runKey, uint16 sequence, bytes32 point, uint32 slot, address account)
        external
        view
        returns (uint256 numbers, uint256 prices)
    {
        Fact storage fact = _facts[_keyOf(runKey, sequence, point, slot, account)];
        return (fact.numbers, fact.prices);
    }

    /// @dev Requires a run that can be disputed now; its checkpoint is not looked at.
    function _requireRun(Openings.Run calldata run, address account, uint64 atLeastUntil)
        internal
        view
        returns (bytes32 runKey)
    {
        address target = address(settlement);
        bytes32 selector = ISettlement.requireDisputable.selector;
        // Input and rows root stand in calldata as the call wants them, and what is not clean there is no run's.
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            calldatacopy(add(data, 4), run, 320)
            mstore(add(data, 324), account)
            mstore(add(data, 356), atLeastUntil)
            if iszero(staticcall(gas(), target, data, 388, 0, 32)) {
                returndatacopy(data, 0, returndatasize())
                revert(data, returndatasize())
            }
            runKey := mload(0)
        }
    }

    /// @dev Requires that the run's checkpoint is the one brought along. Whoever opens an entry or relies on the log's size
    ///      has to ask.
    function _requireCheckpoint(Openings.Run calldata run) internal view {
        if (run.checkpoint.seq != run.input.checkpoint || !_isAnchored(run.checkpoint)) {
            revert CheckpointWrong(run.checkpoint.seq, run.input.checkpoint);
        }
    }

    /// @dev One place for a call whose encoding is long.
    function _isAnchored(IRecordAnchor.Checkpoint calldata checkpoint) internal view returns (bool) {
        return recordAnchor.isAnchored(checkpoint);
    }

    /// @dev Has the escrow pay what is due for a run; returns what that added to the ledger of remedies.
    function _pay(bytes32 runKey, uint256 sequence, address account, uint256 due) internal returns (uint256) {
        return escrow.payRemedy(runKey, uint16(sequence), account, due);
    }

    /// @dev Requires that the claim binds its account to this claim. Reverts as {_requireStanding} does.
    function _requireClaim(
        Claim calldata claim,
        bytes32 runKey,
        uint256 sequence,
        bytes32 point,
        uint256 slot,
        uint256 ground
    ) internal {
        address account = claim.account;
        bytes calldata signature = claim.signature;
        if (signature.length == 0) return _requireActing(account);
        (uint256 nonce, uint256 deadline) = (claim.nonce, claim.deadline);
        bytes32 structHash = keccak256(
            abi.encode(CLAIM_TYPEHASH, account, runKey, sequence, point, slot, ground, nonce, deadline)
        );
        _authorize(account, structHash, nonce, deadline, signature);
    }

    /// @dev Opens a slot for its owner: the account that the point leaf names, or one that a BINDING has been shown for.
    function _openOwn(Case memory c, Claim calldata claim, Statements.Statement calldata statement, uint256 ground)
        internal
    {
        _open(c, claim, statement, ground, 0);
        _requireOwner(c);
    }

    /// @dev The claimant's slot by the point leaf or by what has been shown.
    function _requireOwner(Case memory c) internal pure {
        if (c.claimant != c.slot.owner && c.flags & FactWords.OWNED == 0) revert NotTheAccounts(c.claimant, c.slot.owner);
    }

    /// @dev Opens a slot, whoever's it is, and lays what has been shown over it. A case is the caller's and filled in here:
    ///      one that is returned is made twice.
    function _open(
        Case memory c,
        Claim calldata claim,
        Statements.Statement calldata statement,
        uint256 ground,
        uint64 atLeastUntil
    ) internal {
        address account = claim.account;
        bytes32 runKey = _requireRun(statement.run, account, atLeastUntil);
        // Arithmetic is the one ground that the log has no part in.
        if (ground != ARITHMETIC) _requireCheckpoint(statement.run);
        Statements.Slot memory s = c.slot;
        Statements.open(s, statement, runKey);
        _requireClaim(claim, runKey, s.sequence, s.point, s.slot, ground);
        c.claimant = account;
        if (account == s.owner) c.posted = s.posted;

        Fact storage fact = _facts[_keyOf(runKey, s.sequence, s.point, s.slot, account)];
        uint256 kept;
        assembly {
            kept := fact.slot
        }
        c.kept = kept;
        uint256 word = fact.numbers;
        if (word == 0) return;
        (c.paid, c.flags) = (uint80(word >> 16), uint16(word));
        FactWords.layNumbers(word, c.flags, s.energy);
        if (c.flags & FactWords.PRICES != 0) FactWords.layPrices(fact.prices, c.flags, s.prices);
    }

    /// @dev Takes the trade as shown.
    function _takeTrade(Case memory c, uint256 boughtWh, uint256 soldWh) internal pure {
        (c.slot.energy.boughtWh, c.slot.energy.soldWh) = (boughtWh, soldWh);
        c.flags |= FactWords.TRADE_SHOWN;
    }

    /// @dev An opened entry or leaf is the one that is cited.
    function _requireCited(uint256 given, uint256 cited) internal pure {
        if (given != cited) revert CitationWrong(given, cited);
    }

    /// @dev An opened entry or leaf is about the zone, day, point or slot in question.
    function _requireSame(bytes32 given, bytes32 expected) internal pure {
        if (given != expected) revert OfAnother(given, expected);
    }

    /// @dev As {_requireSame} for zone and slot.
    function _requireOfSlot(Case memory c, bytes32 zone, bytes32 slot) internal pure {
        _requireSame(zone, c.slot.zone);
        _requireSame(slot, bytes32(c.slot.slot));
    }

    /// @dev Keeps what has been shown, and pays what the slot lacks with it. Reverts if that is nothing.
    /// @param c the slot, energy and prices as shown, flags set accordingly
    /// @param ground it was shown on
    function _settle(Case memory c, uint256 ground) internal {
        Statements.Slot memory s = c.slot;
        int256 amount = c.flags & FactWords.DISOWNED != 0 ? int256(0) : Amounts.amountOf(s.energy, s.prices);
        uint256 due;
        // No number here is above 2^166.
        unchecked {
            int256 lacking = amount - c.posted - int256(c.paid);
            if (lacking <= 0) revert NothingToPay(amount, c.posted, c.paid);
            due = _cappedDue(uint256(lacking), c.paid);
            c.paid += due;
        }

        Fact storage fact;
        uint256 kept = c.kept;
        assembly {
            fact.slot := kept
        }
        (uint256 numbers, uint256 prices) = (FactWords.numbersOf(s.energy, c.paid, c.flags), 0);
        fact.numbers = numbers;
        if (c.flags & FactWords.PRICES != 0) {
            prices = FactWords.pricesOf(s.prices, c.flags);
            fact.prices = prices;
        }
        _pay(s.runKey, s.sequence, c.claimant, due);
        emit Recomputed(s.runKey, c.claimant, s.point, s.sequence, s.slot, ground, amount, due, numbers, prices);
    }

    /// @dev Takes energy from a ruling and pays `due` less what was paid.
    function _establish(bytes32 key, uint256 importWh, uint256 exportWh, uint256 due) internal returns (uint256) {
        uint256 word = _facts[key].numbers;
        uint256 before = uint80(word >> 16);
        due = due > before ? _cappedDue(due - before, before) : 0;
        word &= ~((uint256(type(uint80).max) << 176) | (uint256(type(uint80).max) << 16));
        word |= (importWh << 216) | (exportWh << 176) | ((before + due) << 16) | FactWords.ENERGY_SHOWN;
        _facts[key].numbers = word;
        return due;
    }

    /// @dev A line may say any amount, and none may keep a claim from being paid: what does not fit the ledger is cut off.
    function _cappedDue(uint256 due, uint256 paid) private pure returns (uint256) {
        uint256 room = type(uint80).max - paid;
        return due < room ? due : room;
    }

    /// @dev A slot's key has the account in it: one slot can be one account's by the leaf and another's by a BINDING.
    function _keyOf(bytes32 runKey, uint256 sequence, bytes32 point, uint256 slot, address account)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(runKey, sequence, point, slot, account));
    }
}
