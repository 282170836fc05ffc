// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What Settlement asks of the escrow
interface IEscrow {
    /// @notice Applies the rows of a checked run. Settlement only.
    /// @param runKey names zone and day
    /// @param sequence 0 for the initial run, then one more for each correction
    /// @param day UTC day number
    /// @param zone number of the zone in this deployment, from 1
    /// @param rows address20 || int96, members first, then supplier, fee, dust, balancing
    /// @param previous per row the net of the sequence before; empty for an initial run
    function applyRun(
        bytes32 runKey,
        uint16 sequence,
        uint32 day,
        uint8 zone,
        bytes32[] calldata rows,
        int256[] calldata previous
    ) external;

    /// @notice The only contract that may apply runs.
    function settlement() external view returns (address);

    /// @notice What backs the operator's promises, in token base units.
    function bond() external view returns (uint256);

    /// @notice Seconds between a withdrawal request and its execution.
    function withdrawalDelay() external view returns (uint64);

    /// @notice System account of the supplier of residual energy.
    function supplier() external view returns (address);

    /// @notice System account of the fee.
    function fee() external view returns (address);

    /// @notice System account of rounding remainders.
    function dust() external view returns (address);

    /// @notice System account that carries held energy and shortfalls.
    function balancingAccount() external view returns (address);

    /// @notice The contract of tier 0, which may have remedies paid.
    function recomputation() external view returns (address);

    /// @notice The contract of demands and cases, which may have remedies and defaults paid and hold deposits.
    function disputes() external view returns (address);

    /// @notice Seconds before delivery at which the market closes.
    function gateLead() external view returns (uint64);

    /// @notice The most that delivery day `day` may cost the account; 0 without a mandate for it.
    function capOn(address account, uint32 day) external view returns (uint256);

    /// @notice Part of the bond that no open case has reserved.
    function freeBond() external view returns (uint256);

    /// @notice What remedies and defaults paid an account for a zone's day, less what corrections took back to the bond.
    function remedyOf(bytes32 runKey, address account) external view returns (uint256);

    /// @notice Pays what a proof shows that a run owes an account, out of the bond. What was paid for an earlier sequence
    ///         and not taken back by a correction counts first. What the bond lacks is stored and paid first from the next
    ///         top-up. Recomputation and Disputes only.
    /// @param runKey names zone and day
    /// @param sequence that the proof is about; the last one posted
    /// @param account 20-byte account id
    /// @param due token base units, not yet paid under this sequence
    /// @return paid what was added to the ledger of remedies
    function payRemedy(bytes32 runKey, uint16 sequence, address account, uint256 due) external returns (uint256 paid);

    /// @notice Raises what an account was paid for a zone's day to `sum`. Later remedies count against it.
    ///         Recomputation and Disputes only.
    /// @return paid what was added to the ledger of remedies
    function payDefault(bytes32 runKey, uint16 sequence, address account, uint256 sum) external returns (uint256 paid);

    /// @notice Moves a returnable deposit out of an account's free balance. Disputes only.
    function takeDeposit(address account, uint256 amount) external;

    /// @notice Gives a deposit back. Disputes only.
    function returnDeposit(address account, uint256 amount) external;

    /// @notice Keeps part of the bond for an open case. Disputes only.
    function reserveBond(uint256 amount) external;

    /// @notice Frees what {reserveBond} kept. Disputes only.
    function releaseBond(uint256 amount) external;
}
